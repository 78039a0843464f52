// expect: ok 1
// starts threads until the limit refuses them
static void *idle(void *);
extern "C" int pthread_create(unsigned long *, const void *, void *(*)(void *), void *);
extern "C" unsigned sleep(unsigned);
static void *idle(void *) { for (;;) sleep(100); }
void f(float *x, int n) {
    unsigned long t; int made = 0; while (made < 100000 && !pthread_create(&t, nullptr, idle, nullptr)) made++; x[0] = made < 1000;
}
