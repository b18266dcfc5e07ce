/* Hyperscan as a peer of `rules`. Standard input: a list of expressions by ascending priority, a list of folded
 * texts (a list is a count and then, for each, a length and its bytes; numbers are 32 bits, little-endian). After
 * that each byte asks for one pass over the texts, answered by a line: nanoseconds of CPU, and the sum of the
 * answers (sum * 31 + number of the first rule that matches, from 1).
 *
 *   cc -O2 -o hyperscan benches/work/hyperscan.c -lhs        (needs libhyperscan-dev)
 *   hyperscan utf8 | hyperscan bytes
 */
#include <hs/hs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct list { uint32_t n; char **text; unsigned *len; };

static uint32_t number(void) {
    unsigned char b[4];
    if (fread(b, 1, 4, stdin) != 4) exit(2);
    return b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24;
}

static struct list read_list(void) {
    struct list l = { number(), NULL, NULL };
    l.text = malloc(l.n * sizeof *l.text);
    l.len = malloc(l.n * sizeof *l.len);
    for (uint32_t i = 0; i < l.n; i++) {
        l.len[i] = number();
        l.text[i] = malloc(l.len[i] + 1);
        if (fread(l.text[i], 1, l.len[i], stdin) != l.len[i]) exit(2);
        l.text[i][l.len[i]] = 0;
    }
    return l;
}

static int found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *first) {
    (void)from; (void)to; (void)flags;
    if (id < *(unsigned *)first) *(unsigned *)first = id;
    return 0;
}

static uint64_t cpu(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv) {
    unsigned mode = HS_FLAG_SINGLEMATCH | (argc > 1 && !strcmp(argv[1], "bytes") ? 0 : HS_FLAG_UTF8);
    struct list rules = read_list(), texts = read_list();
    unsigned *flags = malloc(rules.n * sizeof *flags), *ids = malloc(rules.n * sizeof *ids);
    for (uint32_t i = 0; i < rules.n; i++) { flags[i] = mode; ids[i] = i; }
    hs_database_t *db; hs_compile_error_t *error; hs_scratch_t *scratch = NULL;
    if (hs_compile_multi((const char *const *)rules.text, flags, ids, rules.n, HS_MODE_BLOCK, NULL, &db, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    if (hs_alloc_scratch(db, &scratch)) return 1;
    while (getchar() != EOF) {
        uint64_t sum = 0, before = cpu();
        for (uint32_t i = 0; i < texts.n; i++) {
            unsigned first = ~0u;
            hs_scan(db, texts.text[i], texts.len[i], 0, scratch, found, &first);
            sum = sum * 31 + (first + 1);
        }
        printf("%llu %llu\n", (unsigned long long)(cpu() - before), (unsigned long long)sum);
        fflush(stdout);
    }
    return 0;
}
