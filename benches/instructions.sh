#!/usr/bin/env bash
# What the compiler made of the kernels, from the binary: it needs no quiet machine. The cases are in instructions.rs.
#   benches/instructions.sh             checks against instructions.txt: instructions that run (3 %), vector instructions and bytes of code (10 %);
#                                       and that a small dense layer has neither a loop nor a call
#   benches/instructions.sh --update    stores the figures of this compiler, and the listing of the small layer
#   benches/instructions.sh --build     clean build time of a small program, beside the same with ndarray; code size of its step
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
        next=$(grep -oE "<[^>+]*[0-9]$kernels[^>+]*>" "$work/function" | head -1 | tr -d '<>' || true)
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

# The time of a clean release build of a program that depends on one crate.
build_time_of() {
    local name=$1 dependency=$2
    mkdir -p "$work/$name/src"
    cat >"$work/$name/src/main.rs"
    printf '[package]\nname = "%s-program"\nversion = "0.0.0"\nedition = "2024"\n[dependencies]\n%s\n' "$name" "$dependency" >"$work/$name/Cargo.toml"
    (
        cd "$work/$name"
        export CARGO_TARGET_DIR="$work/$name/target"
        cargo fetch --quiet
        TIMEFORMAT="$name: built in %R s, of which %U s of CPU"
        time cargo build --release --quiet
    )
}

build_times() {
    build_time_of stackprop "stackprop = { path = \"$PWD\" }" <<'RUST'
use stackprop::prelude::*;
fn main() {
    let mut training = Trainer::<(Dense<64, 32>, ReLU<32>, Dense<32, 10>), SoftmaxCrossEntropy<10>, Sgd, 32>::boxed();
    training.reset(1, Sgd::new(0.01).unwrap()).unwrap();
    println!("{}", training.step(&Matrix::ZERO, &[1u8; 32]).unwrap());
}
RUST
    build_time_of ndarray 'ndarray = { version = "0.17", default-features = false, features = ["std"] }' <<'RUST'
use ndarray::{Array1, Array2, Axis};
fn main() {
    let (x, labels) = (Array2::<f32>::zeros((32, 64)), [1usize; 32]);
    let (mut w1, mut b1) = (Array2::<f32>::from_elem((64, 32), 0.1), Array1::<f32>::zeros(32));
    let (mut w2, mut b2) = (Array2::<f32>::from_elem((32, 10), 0.1), Array1::<f32>::zeros(10));
    let hidden = (x.dot(&w1) + &b1).mapv(|v| v.max(0.0));
    let mut dy = hidden.dot(&w2) + &b2;
    let mut loss = 0.0;
    for (mut row, &label) in dy.rows_mut().into_iter().zip(&labels) {
        let most = row.fold(f32::MIN, |a, &b| a.max(b));
        row.mapv_inplace(|v| (v - most).exp());
        let sum = row.sum();
        row /= sum;
        loss -= row[label].ln();
        row[label] -= 1.0;
    }
    dy /= 32.0;
    let mut dx = dy.dot(&w2.t());
    dx.zip_mut_with(&hidden, |d, &h| if h <= 0.0 { *d = 0.0 });
    w2.scaled_add(-0.01, &hidden.t().dot(&dy));
    b2.scaled_add(-0.01, &dy.sum_axis(Axis(0)));
    w1.scaled_add(-0.01, &x.t().dot(&dx));
    b1.scaled_add(-0.01, &dx.sum_axis(Axis(0)));
    println!("{} {}", loss / 32.0, w1.sum() + w2.sum() + b1.sum() + b2.sum());
}
RUST
}

build_benchmark
case ${1:-} in
    --build)
        build_times
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
