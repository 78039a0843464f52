#!/bin/sh
# Compilers and libraries from the system's package manager: installed where missing and permitted, else the line to run is printed.
# Required: g++. The rest widen what can be verified (Fortran, OpenMP race detection); without them the run says so and goes on.
set -u
packages=""
need() { # need COMMAND-OR-FILE PACKAGE
    command -v "$1" >/dev/null 2>&1 || [ -e "$1" ] || packages="$packages $2"
}
need g++ g++
need gcc gcc
need make make
need gfortran gfortran
[ -n "$(ls /usr/lib/llvm-*/lib/libarcher.so 2>/dev/null)" ] || packages="$packages clang-14 libomp-14-dev"
python3 -c 'import ensurepip, venv' 2>/dev/null || packages="$packages python3-venv"
[ -z "$packages" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "missing:$packages; install them with your system's package manager" >&2
    command -v g++ >/dev/null 2>&1 || exit 2
    exit 0
fi
# On a machine that has just started, updates in the background hold apt's locks for a while.
refresh() { # refresh [sudo]
    for try in 1 2 3 4 5 6 7 8 9 10 11 12; do
        said=$("$@" apt-get update -qq 2>&1) && return 0
        case $said in *lock*) sleep 10 ;; *) break ;; esac
    done
    echo "$said" >&2
    return 1
}
line="apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends$packages"
if [ "$(id -u)" = 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    refresh && $line -qq >/dev/null && exit 0
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    refresh sudo && sudo env DEBIAN_FRONTEND=noninteractive $line -qq >/dev/null && exit 0
fi
echo "missing:$packages; run: sudo $line" >&2
command -v g++ >/dev/null 2>&1 || { echo "g++ is required" >&2; exit 2; }
exit 0
