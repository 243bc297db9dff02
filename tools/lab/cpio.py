# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes initramfs archives (cpio, "newc") without touching the disk."""
import os
import stat
import subprocess


class Archive:
    """An initramfs under construction.  Parents are made as needed."""

    def __init__(self):
        self._data = bytearray()
        self._seen = set()
        self._inode = 0

    def __contains__(self, path):
        return self._clean(path) in self._seen

    @staticmethod
    def _clean(path):
        return os.path.normpath(path).lstrip("/")

    def _entry(self, path, mode, body=b"", rdev=(0, 0)):
        path = self._clean(path)
        if path in self._seen:
            return
        parent = os.path.dirname(path)
        if parent:
            self.dir(parent)
        self._seen.add(path)
        self._append(path, mode, body, rdev)

    def _append(self, path, mode, body, rdev):
        name = path.encode() + b"\0"
        self._inode += 1
        fields = (self._inode, mode, 0, 0, 1, 0, len(body), 0, 0,
                  rdev[0], rdev[1], len(name), 0)
        self._data += b"070701" + b"".join(b"%08x" % f for f in fields) + name
        self._pad()
        self._data += body
        self._pad()

    def _pad(self):
        self._data += bytes(-len(self._data) % 4)

    def dir(self, path, mode=0o755):
        self._entry(path, stat.S_IFDIR | mode)

    def write(self, path, text, mode=0o644):
        body = text.encode() if isinstance(text, str) else text
        self._entry(path, stat.S_IFREG | mode, body)

    def link(self, path, target):
        self._entry(path, stat.S_IFLNK | 0o777, target.encode())

    def node(self, path, major, minor, mode=0o600):
        self._entry(path, stat.S_IFCHR | mode, rdev=(major, minor))

    def file(self, source, path, mode=None):
        """Copies one file of the host."""
        with open(source, "rb") as src:
            body = src.read()
        if mode is None:
            mode = stat.S_IMODE(os.stat(source).st_mode)
        self.write(path, body, mode)

    def tree(self, source, path):
        """Copies a directory of the host, links as links."""
        for top, dirs, files in os.walk(source):
            here = os.path.join(path, os.path.relpath(top, source))
            self.dir(here)
            for name in dirs + files:
                full = os.path.join(top, name)
                inside = os.path.join(here, name)
                if os.path.islink(full):
                    self.link(inside, os.readlink(full))
                elif os.path.isfile(full):
                    self.file(full, inside)

    def program(self, source, path=None):
        """Copies a program of the host and the libraries it is linked to."""
        self.file(source, path or source, 0o755)
        for lib in libraries(source):
            self.file(lib, lib, 0o755)

    def save(self, file):
        """Writes the archive to a binary file; may be called once."""
        self._append("TRAILER!!!", 0, b"", (0, 0))
        file.write(self._data)
        file.flush()


def libraries(program):
    """The shared libraries of a program, its interpreter included."""
    out = subprocess.run(["ldd", program], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, check=False)
    found = []
    for line in out.stdout.splitlines():
        words = line.split()
        if "not found" in line:
            raise FileNotFoundError(f"{program} needs {words[0]}: not found")
        if "=>" in words and len(words) > 2 and words[2].startswith("/"):
            found.append(words[2])
        elif words and words[0].startswith("/"):
            found.append(words[0])
    return found
