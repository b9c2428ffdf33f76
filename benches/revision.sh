# shellcheck shell=bash
# For `source`, at the root: another revision beside this tree. `work` is a temporary folder, which is removed at the
# end, with the revision in `$work/old`.

work=$(mktemp -d)
leave() {
    [ ! -e "$work/old" ] || git worktree remove --force "$work/old"
    rm -rf "$work"
}
trap leave EXIT
trap 'exit 1' INT TERM

# Sets `revision` to the whole name of a revision, or ends.
find_revision() {
    if revision=$(git rev-parse --quiet --verify "$1^{commit}"); then
        return
    fi
    if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
        echo "this clone is shallow and doesn't have the revision $1: git fetch --unshallow" >&2
    else
        echo "no revision $1" >&2
    fi
    exit 2
}

# The revision's tree, once.
check_out() { [ -e "$work/old" ] || git worktree add --quiet --detach "$work/old" "$revision"; }
