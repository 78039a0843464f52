void trace_particles(float *px, float *py, const float *u, const float *v, int n, int w, int h, float dt)
{
    for (int i = 0; i < n; i++) {
        int cx = (int)px[i], cy = (int)py[i];
        if (cx < 0 || cy < 0 || cx >= w || cy >= h) continue;
        float fu = u[cy * w + cx], fv = v[cy * w + cx];
        px[i] += dt * fu;
        py[i] += dt * fv;
    }
}
