/* A plugin for QEMU (API version 1: QEMU 5.2 to 9.x) that counts executed instructions.
 *
 *   -plugin ./count.so,from=0xADDR,to=0xADDR,lo=0xADDR,hi=0xADDR,histogram=FILE
 *
 * At exit it prints, on stderr:
 *   count total=N pairs=N marked=N stack=N
 * `marked` counts what runs after `from` until `to`, `pairs` how often; `stack` is from `hi` down to the lowest store above `lo`.
 * The histogram has a line an address that ran between the marks: address, count.
 * The declarations are written out, so that no header of QEMU has to be installed. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define EXPORT __attribute__((visibility("default")))
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t qemu_plugin_id_t;
typedef void (*tb_cb)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*exec_cb)(unsigned, void *);
typedef void (*mem_cb)(unsigned, uint32_t, uint64_t, void *);
typedef void (*exit_cb)(qemu_plugin_id_t, void *);
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_cb);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, exit_cb, void *);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *, uint64_t);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, exec_cb, int, void *);
extern void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, mem_cb, int, int, void *);
extern bool qemu_plugin_mem_is_store(uint32_t);

EXPORT int qemu_plugin_version = 1;
enum { PLACES = 1 << 16 }; /* the histogram: 128 KB of code, by half-words */
static uint64_t count, started, pairs, marked, from, to, lo, hi, lowest = UINT64_MAX;
static uint64_t ran[PLACES], before[PLACES], between[PLACES];
static const char *histogram;

static void at_from(unsigned cpu, void *p) {
    (void)cpu, (void)p;
    started = count;
    if (histogram) memcpy(before, ran, sizeof ran);
}

static void at_to(unsigned cpu, void *p) {
    (void)cpu, (void)p;
    pairs++;
    marked += count - started;
    if (histogram) for (int i = 0; i < PLACES; i++) between[i] += ran[i] - before[i];
}

static void on_store(unsigned cpu, uint32_t info, uint64_t address, void *p) {
    (void)cpu, (void)p;
    if (qemu_plugin_mem_is_store(info) && address >= lo && address < hi && address < lowest) lowest = address;
}

static void on_tb(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    /* A block is counted when it begins. Both marks begin one, and of the same length. */
    qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &count, qemu_plugin_tb_n_insns(tb));
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        if (address == from) qemu_plugin_register_vcpu_insn_exec_cb(insn, at_from, 0, NULL);
        if (address == to) qemu_plugin_register_vcpu_insn_exec_cb(insn, at_to, 0, NULL);
        if (histogram && address / 2 < PLACES) qemu_plugin_register_vcpu_insn_exec_inline(insn, 0, &ran[address / 2], 1);
        if (hi) qemu_plugin_register_vcpu_mem_cb(insn, on_store, 0, 2, NULL);
    }
}

static void on_exit_(qemu_plugin_id_t id, void *p) {
    (void)id, (void)p;
    fprintf(stderr, "count total=%llu pairs=%llu marked=%llu stack=%llu\n", (unsigned long long)count, (unsigned long long)pairs,
            (unsigned long long)marked, (unsigned long long)(lowest < hi ? hi - lowest : 0));
    FILE *file = histogram ? fopen(histogram, "w") : NULL;
    if (!file) return;
    for (int i = 0; i < PLACES; i++)
        if (between[i]) fprintf(file, "%x %llu\n", 2 * i, (unsigned long long)between[i]);
    fclose(file);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv) {
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!strncmp(argv[i], "from=", 5)) from = strtoull(argv[i] + 5, 0, 0) & ~1ull;
        else if (!strncmp(argv[i], "to=", 3)) to = strtoull(argv[i] + 3, 0, 0) & ~1ull;
        else if (!strncmp(argv[i], "lo=", 3)) lo = strtoull(argv[i] + 3, 0, 0);
        else if (!strncmp(argv[i], "hi=", 3)) hi = strtoull(argv[i] + 3, 0, 0);
        else if (!strncmp(argv[i], "histogram=", 10)) histogram = strdup(argv[i] + 10);
        else return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_tb);
    qemu_plugin_register_atexit_cb(id, on_exit_, NULL);
    return 0;
}
