# SPDX-License-Identifier: GPL-2.0-or-later
"""Two full Debian nodes that run one package, on the first of them."""
from demo import demo as demos
from lab import cluster, errors

WEB = "web"


def check(condition, text):
    if not condition:
        raise AssertionError(text)


class Pair:
    def __init__(self, lab):
        self.lab = lab
        self.first, self.second = lab.nodes
        self.cluster = cluster.Cluster(lab, demos.cluster_file(lab),
                                       {"web.pkg": demos.read("web.pkg")})

    def begin(self, files=None):
        """files: {path: text} of both nodes, before cmcld starts on them."""
        self.lab.start()
        self.cluster.configure()
        for node in self.lab.nodes:
            for path, text in (files or {}).items():
                node.put(text.encode(), path)
            node.run("systemctl daemon-reload")
        try:
            self.cluster.start()
        except errors.CommandFailed:
            pass    # too slow an answer on a busy host: the members tell
        self.cluster.wait_members(self.lab.nodes)
        check(self.cluster.wait_owner(WEB) is self.first, f"{WEB} does not run on node1")
