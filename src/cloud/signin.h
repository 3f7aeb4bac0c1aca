/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Keystone is told. Inside of the room only. */
#pragma once
#include "cloud/clouds.h"

/* The body of POST /v3/auth/tokens; holds secrets: the caller wipes and frees it. */
char *kt_signin_body(const KtCloudConfig *config);
/* ".../v3/auth/tokens". Caller frees. */
char *kt_signin_url(const KtCloudConfig *config);
