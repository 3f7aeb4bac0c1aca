/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* clouds.yaml: read, each cloud configured, its sign-in made. */
void kt_target_cloud_yaml(const char *bytes, gsize length);
/* An answer as the list of each kind, grouped, ranked and planned. */
void kt_target_cloud_answer(const char *bytes, gsize length);
/* An answer of Keystone, and Nova's version document. */
void kt_target_cloud_signin(const char *bytes, gsize length);
/* A body of an answer that says no. */
void kt_target_cloud_message(const char *bytes, gsize length);
/* What is read of one server while it is acted on. */
void kt_target_cloud_server(const char *bytes, gsize length);
/* A cloud's plan as a document. */
void kt_target_cloud_plan(const char *bytes, gsize length);
