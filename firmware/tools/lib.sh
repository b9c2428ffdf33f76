# Shared by `firmware/check` and `.ci/run`: a compiler for a target, a board for it, and what a run costs. To be sourced.

# Cargo for a target: `cargo_for TARGET ARGUMENT...`. With rustup's target, which is what a user has; else with Debian's compiler, which
# has the source of the library: of `core`, or of $LIBRARY. `STACKPROP_DEBIAN=1` asks for the latter.
cargo_for() {
    local target=$1
    shift
    if [ -z "${STACKPROP_DEBIAN:-}" ] && has_target "$target"; then
        cargo "$@" --target "$target"
    else
        [ -d /usr/lib/rustlib/src ] && [ -x /usr/bin/rustc ] || apt_install rustc-web cargo-web rust-web-src
        local linker name=CARGO_TARGET_${target^^}_LINKER
        name=${name//-/_}
        linker=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld
        # Only here: Debian's compiler may use what is unstable, so that it can build the library for the target.
        env -u RUSTUP_TOOLCHAIN PATH=/usr/bin:"$PATH" RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc RUSTC_BOOTSTRAP=1 \
            "$name=${!name:-$linker}" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target/debian}" \
            /usr/bin/cargo "$@" "-Zbuild-std=${LIBRARY:-core}" --target "$target"
    fi
}

# Whether rustup has a target, or can have it. Locked, because it installs nothing twice at a time.
has_target() {
    command -v rustup >/dev/null || return 1
    [ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ] ||
        timeout 120 flock "${TMPDIR:-/tmp}/stackprop-rustup" rustup target add "$1" >/dev/null 2>&1
}

apt_install() {
    if [ -z "${updated:-}" ]; then
        apt-get update -qq
        updated=yes
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The address of a symbol: `address ELF SYMBOL`.
address() { nm "$1" | awk -v name="$2" '$3 == name { print "0x" $1; exit }'; }

# Flash and RAM of a program: `flash ELF`, `ram ELF`.
flash() { size -A -d "$1" | awk '$1 ~ /^\.(vector_table|text|rodata|data)$/ { n += $2 } END { print n }'; }
ram() { size -A -d "$1" | awk '$1 ~ /^\.(data|bss|uninit)$/ { n += $2 } END { print n }'; }

# Starts a program on a board and prints what it prints: `start BOARD ELF [ARGUMENT FOR QEMU...]`.
start() {
    local machine
    case $1 in
        mps2-*) machine="qemu-system-arm -M $1" ;;
        riscv32) machine="qemu-system-riscv32 -M virt -bios none" ;;
        aarch64) machine="qemu-system-aarch64 -M virt -cpu cortex-a53 -nic none" ;;
    esac
    # A guest that faults runs for ever.
    timeout 120 $machine -nographic -monitor none -serial none -semihosting-config enable=on,target=native -kernel "$2" "${@:3}" </dev/null 2>&1
}

# The same with the plugin, and its line: `emulate BOARD ELF [HISTOGRAM]`. Needs $plugin. The stack is found on a Cortex-M.
emulate() {
    local options
    options="from=$(address "$2" measure_from),to=$(address "$2" measure_to)${3:+,histogram=$3}"
    [[ $1 != mps2-* ]] || options+=",lo=$(address "$2" __ebss),hi=$(address "$2" _stack_start)"
    start "$1" "$2" -plugin "$plugin,$options"
}
