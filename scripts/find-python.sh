#!/bin/sh
# Prints a Python 3.11 or later that can make virtual environments, or says what to install.
# Usage: [PYTHON=/path/to/python] scripts/find-python.sh
set -u

old=""
bare=""
for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    version=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { old="$old $name ($version)"; continue; }
    "$name" -c 'import ensurepip, venv' 2>/dev/null || { bare="$bare $name ($version)"; continue; }
    echo "$name"
    exit 0
done

{
    if [ -n "$bare" ]; then
        echo "error:$bare can't make virtual environments: venv or ensurepip is missing."
        echo "hint: on Debian and Ubuntu, sudo apt-get install python3-venv; or name another"
        echo "      Python: make PYTHON=/path/to/python3 ..."
    elif [ -n "$old" ]; then
        echo "error: Python 3.11 or later is needed; found:$old."
        echo "hint: name another Python: make PYTHON=/path/to/python3.11 ..."
    else
        echo "error: no Python found${PYTHON:+ under the name $PYTHON}; 3.11 or later is needed."
        echo "hint: on Debian and Ubuntu, sudo apt-get install python3-venv"
    fi
} >&2
exit 1
