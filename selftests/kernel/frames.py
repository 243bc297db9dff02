# SPDX-License-Identifier: GPL-2.0-or-later
"""The network devices that last words can go through, and those that they cannot."""
import spaces

DEVICES = ["virtio-net-pci,romfile=,id=plain", "virtio-net-pci,romfile=,id=standby,failover=on",
           "vmxnet3,romfile=", "qemu-xhci", "usb-net"]
DRIVERS = ["virtio_net", "vmxnet3", "xhci_pci", "cdc_ether", "rndis_host"]
KINDS = ["veth", "bridge", "8021q", "xfrm_user", "ah4"]


def cases(case):
    return [case("frame", "guest-frame.sh", append="crash_kexec_post_notifiers ", rt=False,
                 modules=DRIVERS + KINDS, tools=[spaces.IP],
                 qemu_args=[word for device in DEVICES for word in ("-device", device)])]
