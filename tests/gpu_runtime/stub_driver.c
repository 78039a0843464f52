/* A stand-in for libcuda.so.1, for tests without a GPU: it shows that gpu_runtime.cuda.driver.CudaDriver calls the driver with
 * arguments that arrive. Device memory is host memory; the only kernel is axpy(int, float, const float *, float *), computed by
 * the whole grid. Every entry is handed out through cuGetProcAddress, as the bindings ask for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>

typedef int result;
typedef uint64_t ptr;
#define E(name) __attribute__((visibility("default"))) result name
static char kernel_name[256];
static int n_launches;

E(cuInit)(unsigned flags) {
    const char *visible = getenv("CUDA_VISIBLE_DEVICES");
    return visible && !*visible ? 100 : flags ? 1 : 0;
}
E(cuGetExportTable)(const void **t, const void *id) { (void)id; *t = NULL; return 500; }
E(cuDriverGetVersion)(int *v) { *v = 13000; return 0; }
E(cuDeviceGetCount)(int *n) { *n = 1; return 0; }
E(cuDeviceGet)(int *device, int index) { *device = index; return index ? 101 : 0; }
E(cuDeviceGetName)(char *name, int n, int device) { (void)device; snprintf(name, n, "Stub"); return 0; }
E(cuDeviceTotalMem)(size_t *n, int device) { (void)device; *n = (size_t)8 << 30; return 0; }
E(cuDeviceGetAttribute)(int *v, int a, int device) {
    (void)device;
    *v = a == 75 ? 9 : a == 76 ? 0 : a == 16 ? 132 : a == 38 ? 1 << 20 : a == 13 ? 1980000 : a == 36 ? 3201000 : -1;
    return 0;
}
E(cuDevicePrimaryCtxRetain)(void **c, int device) { *c = (void *)(uintptr_t)(0x100 + device); return 0; }
E(cuCtxSetCurrent)(void *c) { return c == (void *)0x100 ? 0 : 201; }
E(cuStreamCreate)(void **s, unsigned flags) { *s = (void *)0x200; return flags == 1 ? 0 : 1; }
E(cuStreamSynchronize)(void *s) { return s == (void *)0x200 ? 0 : 400; }
E(cuMemGetInfo)(size_t *free, size_t *total) { *free = *total = (size_t)8 << 30; return 0; }
E(cuMemAlloc)(ptr *p, size_t n) { *p = (ptr)(uintptr_t)aligned_alloc(256, (n + 255) / 256 * 256); return *p ? 0 : 2; }
E(cuMemAllocManaged)(ptr *p, size_t n, unsigned flags) { return flags == 1 ? cuMemAlloc(p, n) : 1; }
E(cuMemFree)(ptr p) { free((void *)(uintptr_t)p); return 0; }
E(cuMemcpyHtoDAsync)(ptr to, const void *from, size_t n, void *s) { memcpy((void *)(uintptr_t)to, from, n); return cuStreamSynchronize(s); }
E(cuMemcpyDtoHAsync)(void *to, ptr from, size_t n, void *s) { memcpy(to, (void *)(uintptr_t)from, n); return cuStreamSynchronize(s); }
E(cuMemcpyDtoDAsync)(ptr to, ptr from, size_t n, void *s) { memmove((void *)(uintptr_t)to, (void *)(uintptr_t)from, n); return cuStreamSynchronize(s); }
E(cuMemsetD8Async)(ptr to, unsigned char v, size_t n, void *s) { memset((void *)(uintptr_t)to, v, n); return cuStreamSynchronize(s); }
E(cuMemsetD32Async)(ptr to, unsigned v, size_t n, void *s) { for (size_t i = 0; i < n; i++) ((unsigned *)(uintptr_t)to)[i] = v; return cuStreamSynchronize(s); }
E(cuModuleLoadData)(void **m, const void *image) { *m = (void *)0x300; return memcmp(image, "\177ELF", 4) ? 209 : 0; }
E(cuModuleUnload)(void *m) { return m == (void *)0x300 ? 0 : 400; }
E(cuModuleGetFunction)(void **f, void *m, const char *name) { snprintf(kernel_name, sizeof kernel_name, "%s", name); *f = (void *)0x400; return m == (void *)0x300 ? 0 : 400; }
E(cuModuleGetGlobal)(ptr *p, size_t *n, void *m, const char *name) { static float w[4]; (void)name; *p = (ptr)(uintptr_t)w; *n = sizeof w; return m == (void *)0x300 ? 0 : 400; }
E(cuFuncSetAttribute)(void *f, int a, int v) { return f == (void *)0x400 && a == 8 && v > 49152 ? 0 : 1; }
E(cuLaunchKernel)(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void *s, void **args, void **extra) {
    (void)shared;
    if (f != (void *)0x400 || s != (void *)0x200 || extra || gy * gz * by * bz != 1) return 1;
    if (strstr(kernel_name, "illegal")) { n_launches = -1; return 0; }
    if (!strstr(kernel_name, "axpy")) return 98;
    int n = *(int *)args[0];
    float a = *(float *)args[1], *x = *(float **)args[2], *y = *(float **)args[3];
    for (unsigned i = 0; i < gx * bx; i++) if ((int)i < n) y[i] += a * x[i];
    return 0;
}
E(cuEventCreate)(void **e, unsigned flags) { static uintptr_t next = 0x500; (void)flags; *e = (void *)next++; return 0; }
E(cuEventRecord)(void *e, void *s) { return e >= (void *)0x500 ? cuStreamSynchronize(s) : 400; }
E(cuEventQuery)(void *e) { static int asked; (void)e; return n_launches < 0 ? 700 : asked++ % 2 ? 0 : 600; }
E(cuEventElapsedTime)(float *ms, void *a, void *b) { *ms = 0.5f; return a < b ? 0 : 400; }
E(cuGetProcAddress)(const char *name, void **f, int version, uint64_t flags, void *status);

#define ROW(name) {#name, (void *)name}
static const struct { const char *name; void *f; } table[] = {
    ROW(cuInit), ROW(cuDriverGetVersion), ROW(cuDeviceGetCount), ROW(cuDeviceGet), ROW(cuDeviceGetName), ROW(cuDeviceTotalMem),
    ROW(cuDeviceGetAttribute), ROW(cuDevicePrimaryCtxRetain), ROW(cuCtxSetCurrent), ROW(cuStreamCreate), ROW(cuStreamSynchronize),
    ROW(cuMemGetInfo), ROW(cuMemAlloc), ROW(cuMemAllocManaged), ROW(cuMemFree), ROW(cuMemcpyHtoDAsync), ROW(cuMemcpyDtoHAsync),
    ROW(cuMemcpyDtoDAsync), ROW(cuMemsetD8Async), ROW(cuMemsetD32Async), ROW(cuModuleLoadData), ROW(cuModuleUnload),
    ROW(cuModuleGetFunction), ROW(cuModuleGetGlobal), ROW(cuFuncSetAttribute), ROW(cuLaunchKernel), ROW(cuEventCreate),
    ROW(cuEventRecord), ROW(cuEventQuery), ROW(cuEventElapsedTime), ROW(cuGetProcAddress),
};
E(cuGetProcAddress)(const char *name, void **f, int version, uint64_t flags, void *status) {
    (void)version; (void)flags;
    *f = NULL;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) if (!strcmp(table[i].name, name)) *f = table[i].f;
    if (status) *(int *)status = *f ? 0 : 1;
    return *f ? 0 : 500;
}
E(cuGetProcAddress_v2)(const char *name, void **f, int version, uint64_t flags, void *status) { return cuGetProcAddress(name, f, version, flags, status); }
E(cuGetErrorName)(result e, const char **name) { (void)e; *name = "stub"; return 0; }
E(cuGetErrorString)(result e, const char **name) { return cuGetErrorName(e, name); }
E(cuMemAlloc_v2)(ptr *p, size_t n) { return cuMemAlloc(p, n); }
E(cuDeviceGetCount_v2)(int *n) { return cuDeviceGetCount(n); }
E(cuDeviceTotalMem_v2)(size_t *n, int d) { return cuDeviceTotalMem(n, d); }
E(cuMemGetInfo_v2)(size_t *a, size_t *b) { return cuMemGetInfo(a, b); }
E(cuMemFree_v2)(ptr p) { return cuMemFree(p); }
E(cuMemcpyHtoDAsync_v2)(ptr to, const void *from, size_t n, void *s) { return cuMemcpyHtoDAsync(to, from, n, s); }
E(cuMemcpyDtoHAsync_v2)(void *to, ptr from, size_t n, void *s) { return cuMemcpyDtoHAsync(to, from, n, s); }
E(cuMemcpyDtoDAsync_v2)(ptr to, ptr from, size_t n, void *s) { return cuMemcpyDtoDAsync(to, from, n, s); }
E(cuModuleGetGlobal_v2)(ptr *p, size_t *n, void *m, const char *name) { return cuModuleGetGlobal(p, n, m, name); }
