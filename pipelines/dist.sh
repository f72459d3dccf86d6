#!/usr/bin/env bash
# What a cluster needs: the wheel (with conf/ and the lock), the same as a zip for Apache Spark, and an archive of Python
# packages for the workers. Usage: dist.sh DIST SCRATCH, with the project's .venv first on the PATH.
#
# The archive holds every pinned package that Poolwright runs on and Poolwright itself, no virtual environment: those
# point to their interpreter by a path of the machine that made them. A node needs its own Python of the same minor
# version on the PATH (or in POOLWRIGHT_PYTHON); environment/bin/python runs it on the archive's packages. Left out is
# what a cluster has (Spark's jars) or does not use (Sail).
set -euo pipefail

DIST=${1:?folder for what is built}
SCRATCH=${2:?folder for the packages}
rm -rf "$SCRATCH"
mkdir -p "$DIST" "$SCRATCH/bin"
rm -f "$DIST"/poolwright*

say() { printf '%s\n' "$*" >&2; }
VERSION=$(python -c 'import sys; print("python{}.{}".format(*sys.version_info))')

say "the wheel"
hatchling build -t wheel -d "$DIST" >/dev/null
WHEEL=$(echo "$DIST"/poolwright-*.whl)
cp "$WHEEL" "$DIST/poolwright.zip"
cp pipelines/__main__.py "$DIST/poolwright.py"

say "the packages, by the hashes of the lock"
uv pip install --quiet --python "$(command -v python)" --target "$SCRATCH/lib" --constraint requirements.lock "$WHEEL"
rm -rf "$SCRATCH"/lib/{bin,pyspark/jars,pyspark/examples,pyspark/data} "$SCRATCH"/lib/pysail*

cat >"$SCRATCH/bin/python" <<SCRIPT
#!/bin/sh
# This node's $VERSION on the packages of this archive, wherever it was unpacked; Spark's own Python files go first.
here=\$(cd "\$(dirname "\$0")/.." && pwd)
PYTHONPATH="\${PYTHONPATH:+\$PYTHONPATH:}\$here/lib"
export PYTHONPATH
exec "\${POOLWRIGHT_PYTHON:-$VERSION}" "\$@"
SCRIPT
printf '#!/bin/sh\nexec "$(dirname "$0")/python" -m pipelines "$@"\n' >"$SCRATCH/bin/poolwright"
chmod +x "$SCRATCH"/bin/*

say "the archive"
tar --create --sort=name --owner=0 --group=0 --exclude=__pycache__ --directory "$SCRATCH" bin lib |
    gzip -1 >"$DIST/poolwright-environment.tar.gz"
(cd "$DIST" && ls -l poolwright*) >&2
