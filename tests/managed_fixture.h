/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <metadata> as oVirt, KubeVirt and OpenNebula write it. */
#pragma once

#define OVIRT                                                                                                          \
  "<metadata><ovirt-vm:vm xmlns:ovirt-vm=\"http://ovirt.org/vm/1.0\">"                                                 \
  "<ovirt-vm:clusterVersion>4.7</ovirt-vm:clusterVersion>"                                                             \
  "<ovirt-vm:launchPaused>false</ovirt-vm:launchPaused></ovirt-vm:vm></metadata>"
#define KUBEVIRT                                                                                                       \
  "<metadata><kubevirt xmlns=\"http://kubevirt.io\"><uid>5d0a3f0e-7a52-4c1b-9a53-1f0c6f1f6f10</uid>"                   \
  "<graceperiod><deletionGracePeriodSeconds>30</deletionGracePeriodSeconds></graceperiod></kubevirt></metadata>"
#define OPENNEBULA                                                                                                     \
  "<metadata><one:vm xmlns:one=\"http://opennebula.org/xmlns/libvirt/1.0\">"                                           \
  "<one:system_datastore>/var/lib/one//datastores/0/42</one:system_datastore><one:name>web</one:name>"                 \
  "<one:uname>oneadmin</one:uname><one:uid>0</one:uid></one:vm></metadata>"
