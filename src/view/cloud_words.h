/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What terminal and page say of a cloud. All results: caller frees. */
#pragma once
#include "view/cloud_view.h"

char *kt_cloud_say_head(const KtCloudReport *report);    /* "site: 3 servers on 1 host, 4 flavors" */
char *kt_cloud_say_verdict(const KtCloudReport *report); /* how many servers have severe findings */
char *kt_cloud_say_row(const KtCloudRow *row);           /* "plain32 (image guest)" */
char *kt_cloud_say_where(const GPtrArray *servers);      /* "3 servers on 2 hosts" */
char *kt_cloud_say_cause(const KtCloudCause *cause);     /* "32 vCPUs become ... - 3 servers on 2 hosts" */
char *kt_cloud_say_checks(const KtCloudRow *row);        /* "N02 X06" */
char *kt_cloud_say_undefined(const KtCloudRow *row);     /* what is unknown without definitions; NULL: nothing */
char *kt_cloud_say_old(const KtCloudRow *row);           /* servers with an old copy; NULL: none */
const char *kt_cloud_severity(int severity);             /* "severe" */
