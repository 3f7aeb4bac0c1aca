/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The properties of an image, as Nova loads them. */
#pragma once
#include "nova/guest.h"

/* The first property that Nova cannot load, in its order; before anything else is looked at. *property: its name
 * (never freed), NULL with KT_NOVA_OK. What is not checked: img_hv_requested_version, and words of properties whose
 * lists still grow (hw_sound_model, hw_usb_model, hw_mem_encryption_model, hw_tpm_secret_security). */
KtNovaRefusal kt_nova_check_image(const KtFlavor *flavor, KtNovaRelease release, const char **property);

/* Does Nova read a property of this name? Only of "hw_..." all are known; others are read by Glance and Cinder, too. */
gboolean kt_nova_is_property(const char *name, KtNovaRelease release);
