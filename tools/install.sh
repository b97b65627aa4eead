#!/usr/bin/env bash
# Installs mmbarlow (editable) and the tested versions of what it needs into .venv. `make` calls it.
#   tools/install.sh light    what pretraining needs: mmcv without compiled operators, no mmdet
#   tools/install.sh full     everything: mmdet, mmseg, test tools, and mmcv compiled once (5 to 10 minutes)
# PYTHON chooses the interpreter of a new .venv, MAX_JOBS the compilers that run at once (about 1 GB each).
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:-}
python=${PYTHON:-python3}
constraints=requirements/constraints.txt
cores=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN) # macOS has the second only

die() {
  echo "error: $*" >&2
  exit 2
}
pip() { .venv/bin/python -m pip --disable-pip-version-check --no-input "$@"; }
pinned() { sed -n "s/^$1==//p" "$constraints"; }

make_venv() {
  local version
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
    die "'$python' does not run: apt-get install python3 python3-venv, or choose another with PYTHON=python3.11"
  case $version in
    3.10 | 3.11 | 3.12 | 3.13) ;;
    *) die "Python 3.10 to 3.13 is needed, '$python' is $version: choose another with PYTHON=python3.11" ;;
  esac
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    die "'$python' cannot make virtual environments: apt-get install python$version-venv"
  "$python" -m venv --clear .venv
}

# onedl-mmcv has no wheels, and compiles its operators exactly when its build can import torch. pip's own
# cache takes the two results for one, so they are kept apart here. $1: the folder for the finished wheel.
build_mmcv() {
  local tmp requirement
  mkdir -p "$(dirname "$1")"
  tmp=$(mktemp -d "$1.XXXXXX")
  # shellcheck disable=SC2064  # now, while tmp is known
  trap "rm -rf '$tmp'" EXIT
  requirement=onedl-mmcv==$(pinned onedl-mmcv)
  if [ "$mode" = light ]; then
    pip wheel -q --no-cache-dir --no-deps -w "$tmp" "$requirement"
  else
    command -v c++ >/dev/null || die "mmcv's operators need a C++ compiler: apt-get install g++"
    [ -e "$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ] ||
      die "mmcv's operators need Python's headers: apt-get install python3-dev"
    pip install --no-compile -c "$constraints" torch setuptools wheel ninja
    echo "compiling mmcv's operators, once for this machine"
    # torch looks for ninja in PATH, and compiles one file after the other without it.
    # Without nvcc only the CPU operators compile, and mmcv must not see a GPU. -g0: 2 MB instead of 84.
    command -v nvcc >/dev/null || export CUDA_VISIBLE_DEVICES=
    PATH=$PWD/.venv/bin:$PATH CFLAGS=-g0 MAX_JOBS=${MAX_JOBS:-$cores} \
      pip wheel -v --no-cache-dir --no-deps --no-build-isolation -w "$tmp" "$requirement" 2>&1 |
      tee "$tmp/log" | { grep --line-buffered -o '^ *\[[0-9]*/[0-9]*\]' || true; } ||
      { tail -n 40 "$tmp/log" >&2; die "mmcv did not compile: see above"; }
    rm "$tmp/log"
  fi
  # Another install may have been first; `mv` would then put this one into its folder.
  [ -e "$1" ] || mv "$tmp" "$1"
  ls "$1"/*.whl >/dev/null
}

case $mode in
  light) extras= ;;
  full) extras='[detection,segmentation,export,formats,robustness,tests]' ;;
  *) die "usage: tools/install.sh light|full" ;;
esac
.venv/bin/python -m pip --version >/dev/null 2>&1 || make_venv

tag=$(.venv/bin/python -c 'import sys; print("cp%d%d" % sys.version_info[:2])')-$(uname -m)
wheels=${XDG_CACHE_HOME:-$HOME/.cache}/mmbarlow/wheels
wheels=$wheels/$tag-torch$(pinned torch)-mmcv$(pinned onedl-mmcv)/$mode
ls "$wheels"/*.whl >/dev/null 2>&1 || build_mmcv "$wheels"

rm -f .venv/light .venv/full
# pip takes one mmcv 2.3.6 for another, compiled or not: the old one goes first.
pip uninstall -q -y onedl-mmcv 2>/dev/null
# One transaction, or opencv-python is downgraded over opencv-python-headless. Bytecode comes below, from all cores.
pip install --no-compile -c "$constraints" "$wheels"/*.whl -e ".$extras"
# Both OpenCVs (mmcv wants the one, imaug the other) write the folder cv2, and the last one stays. It has to be
# the headless one: the other needs libGL and X libraries, which a server does not have.
pip install -q --no-compile -c "$constraints" --no-deps --force-reinstall opencv-python-headless
pip check
# Where PYTHONDONTWRITEBYTECODE is set, as in many containers, each process would else compile what it imports:
# 12 seconds of every command. Nobody imports the tests of other packages, a third of the time, and some packages
# ship templates that are no Python.
.venv/bin/python -m compileall -q -j 0 -x '/tests/' .venv/lib >/dev/null 2>&1 || true

touch .venv/light
[ "$mode" = light ] || touch .venv/full
