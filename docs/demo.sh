#!/bin/sh
# What `make demo` shows: who may make the active node of a cluster step down?
# Takes the command to run.
set -eu
cd "$(dirname "$0")/.."
sudopath=$1

# A denial is an answer (exit code 1); anything above is a failure.
show() {
    printf '\n$ sudopath %s\n' "$*"
    "$sudopath" "$@" || [ $? -eq 1 ]
}

show validate fixtures/policies
for name in ops admin oncall breakglass; do
    show check --policies fixtures/policies --token $name
done
show check --policies fixtures/policies --token ops,breakglass
show capabilities --policies fixtures/policies --token ops sys/step-down sys/seal sys/leader
