#!/usr/bin/env bash
# Seconds of a clean release build of programs that train and use one network each: this tree beside another revision,
# with the ratio that is the goal; and of a step of 64-32-10 (s3) beside the same with ndarray.
#   benches/build_time.sh [REVISION [NETWORK ...]]    without a network all; 98f986a if no revision is named
# Builds take turns; with ROUNDS=3 there are three of each, and the ratio is that of the medians. Wants an idle machine.
# A build of MobileNet takes minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C CARGO_INCREMENTAL=0
# shellcheck source=benches/revision.sh
source benches/revision.sh

rounds=${ROUNDS:-1}
find_revision "${1:-98f986a}"
shift $(($# > 0))
networks=${*:-s3 keyword_spotting resnet8 transformer mobilenet}

# Sets a network's type, classes, what it is compared with, and the goal.
describe() {
    other=${revision:0:7} batch=8
    case $1 in
        s3) type='Shallow<64, 32, 10>' classes=10 batch=32 other=ndarray goal=1.0 ;;
        keyword_spotting) type=KeywordSpotting classes=12 goal=0.35 ;;
        resnet8) type=ResNet8 classes=10 goal=0.6 ;;
        transformer) type=Transformer classes=7 goal=0.25 ;;
        mobilenet) type=MobileNet classes=2 goal=0.3 ;;
        *) echo "no network $1" >&2 && exit 2 ;;
    esac
}

# A program's package, from its name, its dependency, and standard input.
package() {
    mkdir -p "$work/$1/src"
    cp benches/networks/src/types.rs "$work/$1/src"
    cat >"$work/$1/src/main.rs"
    printf '[package]\nname = "program"\nversion = "0.0.0"\nedition = "2024"\n[dependencies]\n%s\n' "$2" \
        >"$work/$1/Cargo.toml"
    cargo fetch --quiet --manifest-path "$work/$1/Cargo.toml"
}

program() {
    local infer='println!("{}", training.infer(&Zeroed::boxed()).unwrap()[0]);'
    [ "$other" != ndarray ] || infer=
    cat <<RUST
#[allow(dead_code)]
mod types;
use stackprop::prelude::*;
fn main() {
    let mut training = Trainer::<types::$type, SoftmaxCrossEntropy<$classes>, Sgd, $batch>::boxed();
    training.reset(1, Sgd::new(0.01).unwrap()).unwrap();
    println!("{}", training.step(&Zeroed::boxed(), &[1u8; $batch]).unwrap());
    $infer
}
RUST
}

# Seconds, and those of CPU.
build() {
    (
        cd "$work/$1"
        rm -rf target
        export CARGO_TARGET_DIR=target TIMEFORMAT='%R %U'
        { time cargo build --release --quiet; } 2>>"$work/$1/times"
    )
}

median() { sort -n "$work/$1/times" | sed -n $(((rounds + 1) / 2))p; }

printf '%-17s %10s %10s %10s %10s %8s  %s\n' network "this tree" "of CPU" other "of CPU" ratio goal
for network in $networks; do
    describe "$network"
    program | package this "stackprop = { path = \"$PWD\" }"
    if [ "$other" = ndarray ]; then
        dependency='ndarray = { version = "0.17", default-features = false, features = ["std"] }'
        package other "$dependency" <benches/networks/ndarray.rs
    else
        check_out
        program | package other "stackprop = { path = \"$work/old\" }"
    fi
    rm -f "$work"/*/times
    for ((round = 1; round <= rounds; round++)); do
        build this
        build other
    done
    echo "$network $(median this) $(median other) $goal of $other" |
        awk '{ printf "%-17s %10.1f %10.1f %10.1f %10.1f %8.2f  %s %s %s\n", $1, $2, $3, $4, $5, $2 / $4, $6, $7, $8 }'
done
