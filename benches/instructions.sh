#!/usr/bin/env bash
# What the compiler made of the kernels, from the binary: it needs no quiet machine. The cases are in instructions.rs.
#   benches/instructions.sh             checks against instructions.txt: instructions that run (3 %), vector instructions and bytes of code (10 %);
#                                       and that a small dense layer has neither a loop nor a call
#   benches/instructions.sh --update    stores the figures of this compiler, and the listing of the small layer
#   benches/instructions.sh --size      bytes of code of a small network's step
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C

stored=benches/instructions.txt
listing=benches/dense_4_8.s
compiler="$(rustc --version | cut -d' ' -f2)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build_benchmark() {
    binary=$(cargo bench --quiet --bench instructions --no-run --message-format=json | grep -o '"executable":"[^"]*"' | tail -1 | cut -d'"' -f4)
    objdump -d --no-show-raw-insn "$binary" | sed 's/[[:space:]]*#.*//' >"$work/code"
}

# Instructions of a function that is called once.
executed() {
    STACKPROP_KERNELS=$1 valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no \
        --toggle-collect="instructions::$2" "$binary" "$2" 2>&1 | sed -n 's/.*Collected : //p'
}

# The code of a function, with its name in the first line, by a part of its mangled name.
code() { awk -v name="$1" '/^[0-9a-f]+ </ { on = index($2, name) > 0 } on && NF' "$work/code"; }

# The code of what a case (its number of letters is a part of its mangled name) runs with vectors of a kind; without, it is inlined.
code_of() {
    local kernels=$1 name=instructions${#2}$2 next
    while true; do
        code "$name" >"$work/function"
        next=$(grep -oE "<[^>+]*[0-9]${kernels}[^>+]*>" "$work/function" | head -1 | tr -d '<>' || true)
        if [ -n "$next" ]; then
            code "$next"
            return
        fi
        # A jump elsewhere, and nothing else?
        next=$(sed -nE '2s/.*jmp.*<([^>+]*)>.*/\1/p' "$work/function")
        if [ -z "$next" ]; then
            [ "$kernels" != portable ] || cat "$work/function"
            return
        fi
        name=$next
    done
}

# For awk: an address as a number.
number='function number(hex,  i, n) { for (i = 1; i <= length(hex); i++) n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1; return n }'

bytes() {
    code_of "$1" "$2" | awk "$number"'
        /^ / { sub(":", "", $1); if (!first) first = $1; last = $1 } END { print number(last) - number(first) }'
}

figures() {
    echo "rustc $compiler"
    local case kernels
    for case in s1_step s1_infer s3_step s3_infer s3_batch_step s3_batch_infer; do
        for kernels in portable avx2; do
            echo "$kernels $case executed $(executed $kernels $case)"
        done
        echo "avx512 $case vectors $(code_of avx512 $case | grep -c zmm)"
    done
    for case in s1_step s3_step s3_batch_step; do
        for kernels in portable avx2 avx512; do
            echo "$kernels $case bytes $(bytes $kernels $case)"
        done
    done
}

# Calls, and jumps that don't lead forward in the function itself.
loops_and_calls() {
    awk "$number"'
        /^[0-9a-f]/ { sub(">:", "+", $2); name = $2 }
        /^ / && $2 ~ /^call/ { print }
        /^ / && $2 ~ /^j/ { at = $1; sub(":", "", at); if (index($4, name) != 1 || number($3) <= number(at)) print }'
}

small_layer() {
    local kernels direction case
    for direction in forward backward; do
        for kernels in portable avx2 avx512; do
            case=dense_$direction
            [ $kernels = portable ] && case=dense_${direction}_portable
            code_of $kernels $case >"$work/small"
            if ! grep -q ret "$work/small"; then
                echo "no code for $kernels $direction" >&2
                return 1
            fi
            if [ -n "$(loops_and_calls <"$work/small")" ]; then
                echo "Dense<4, 8>, $direction, $kernels: a loop or a call" >&2
                loops_and_calls <"$work/small" >&2
                return 1
            fi
            echo "; Dense<4, 8>, one sample, $direction$([ $direction = backward ] && echo ' and update (SGD)'), $kernels"
            sed -nE 's/^ *[0-9a-f]+:\s+/    /p' "$work/small" | grep -v int3 | sed -E 's/[0-9a-f]+ <[^>+]*(\+0x[0-9a-f]+)?>/\1/; s/[[:space:]]+$//'
        done
    done
}

compare() {
    if [ "$(head -1 $stored | cut -d. -f1-2)" != "rustc $(cut -d. -f1-2 <<<"$compiler")" ]; then
        echo "skipped: the figures are for $(head -1 $stored), this is $compiler"
        return
    fi
    awk '
        NR == FNR { figure[$1 " " $2 " " $3] = $4; next }
        FNR > 1 {
            key = $1 " " $2 " " $3; was = figure[key]; now = $4; limit = $3 == "executed" ? 3 : 10
            if (was == "" || now == "") { print key ": no figure"; bad = 1; next }
            change = was == now ? 0 : was == 0 ? 100 : (now - was) * 100 / was
            printf "%-9s %-15s %-9s %8d %+6.1f %%\n", $1, $2, $3, now, change
            if (change > limit) { print "  more than stored: " was; bad = 1 }
            if (change < -limit) { print "  fewer than stored (" was "): benches/instructions.sh --update keeps it"; bad = 1 }
        }
        END { exit bad }' $stored "$work/figures"
}

build_benchmark
case ${1:-} in
    --size)
        for kernels in portable avx2 avx512; do
            echo "step of 64-32-10, batch 32, $kernels: $(bytes $kernels s3_batch_step) bytes"
        done
        ;;
    --update)
        figures >$stored
        small_layer >$listing
        cat $stored
        ;;
    *)
        figures >"$work/figures"
        compare
        small_layer >"$work/listing"
        echo "Dense<4, 8>: no loop, no call"
        ;;
esac
