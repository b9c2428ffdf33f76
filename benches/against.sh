#!/usr/bin/env bash
# Times of inference and of a training step (SGD), and bytes of a workspace, of the networks in benches/networks: this
# tree beside another revision.
#   benches/against.sh [REVISION [NETWORK ...]]    without a network all; 98f986a if no revision is named
# The two programs take turns on one core, one process a turn; the ratios are this tree's time divided by the revision's
# of the same turn. A revision's programs are kept in target/against. MobileNet's batch of 32 is a program of its own,
# mobilenet_32, which is left out unless it is named: each of its builds takes minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C
# shellcheck source=benches/revision.sh
source benches/revision.sh

rounds=${ROUNDS:-15}
find_revision "${1:-98f986a}"
shift $(($# > 0))
known=$(sed -n 's/ = \[\]$//p' benches/networks/Cargo.toml)
networks=${*:-${known/mobilenet_32/}}
source=$(cat benches/networks/Cargo.* benches/networks/src/* <(rustc --version) | git hash-object --stdin)
kept=target/against/$revision-$source
mkdir -p "$kept"
# One run at a time: two would disturb each other.
exec 9>target/against/lock
! type flock >/dev/null 2>&1 || flock 9

# The program of a network, from a tree, with a target folder.
build() {
    cargo build --quiet --release --manifest-path "$1/benches/networks/Cargo.toml" --features "$3" --target-dir "$2"
}

build_both() {
    build . target/against/this "$1"
    cp target/against/this/release/networks "$work/new"
    if [ ! -e "$kept/$1" ]; then
        check_out
        rm -rf "$work/old/benches/networks"
        mkdir -p "$work/old/benches/networks"
        cp -r benches/networks/Cargo.* benches/networks/src "$work/old/benches/networks"
        build "$work/old" "$work/target" "$1"
        mv "$work/target/release/networks" "$kept/$1"
    fi
}

core=$(taskset -pc $$ 2>/dev/null | sed 's/.*[ ,-]//' || true)
run() { ${core:+taskset -c "$core"} "$2" | sed "s/^/$3 $1 /" >>"$work/figures"; }

# Lines "ROUND SIDE FUNCTION BATCH FIGURE" of a network as a table.
table() {
    sort -k3,3 -k4,4n -k1,1n -s "$work/figures" | awk -v network="$1" '
        function sort(v,  i, j, t) {
            for (i = 2; i <= n; i++)
                for (j = i; j > 1 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
        }
        function at(v, part,  place, low) {
            place = 1 + part * (n - 1)
            low = int(place)
            return v[low] + (place - low) * (v[low < n ? low + 1 : n] - v[low])
        }
        function finish() {
            if (n) {
                sort(a); sort(b); sort(r)
                digits = name ~ /^bytes/ ? 0 : 1
                printf "%-17s %-14s %12.*f %12.*f %8.3f", network, name, digits, at(a, 0.5), digits, at(b, 0.5), at(r, 0.5)
                if (digits) printf " %8.3f %8.3f %8.3f", at(r, 0.25), at(r, 0.75), a[1] / b[1]
                print ""
            }
            n = 0
        }
        $3 " " $4 != name { finish(); name = $3 " " $4 }
        { side[$2] = $5 }
        ++seen % 2 == 0 { n++; a[n] = side["new"]; b[n] = side["old"]; r[n] = a[n] / b[n] }
        END { finish() }'
}

echo "bytes of a workspace; nanoseconds, medians of $rounds turns; their ratio, its quartiles, and that of the fastest turns"
printf '%-17s %-14s %12s %12s %8s %8s %8s %8s\n' network "what, batch" "this tree" "${revision:0:7}" \
    ratio quarter to fastest
for network in $networks; do
    build_both "$network"
    : >"$work/figures"
    for ((round = 1; round <= rounds; round++)); do
        # Each begins half of the turns.
        if ((round % 2)); then
            run new "$work/new" $round && run old "$kept/$network" $round
        else
            run old "$kept/$network" $round && run new "$work/new" $round
        fi
    done
    table "$network"
done
