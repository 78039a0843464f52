// Diffusion with a conductivity per cell; face conductivities are means; no flux through the frame.
static float face(float ka, float kb) { return 0.5f * (ka + kb); }

void diffuse_var2d(int ny, int nx, float dt, const float *k, const float *u, float *out)
{
    #pragma omp parallel for
    for (int p = 0; p < ny * nx; p++) {
        int y = p / nx;
        int x = p - y * nx;
        float flux = 0.0f;
        if (x > 0)      flux += face(k[p], k[p - 1]) * (u[p - 1] - u[p]);
        if (x < nx - 1) flux += face(k[p], k[p + 1]) * (u[p + 1] - u[p]);
        if (y > 0)      flux += face(k[p], k[p - nx]) * (u[p - nx] - u[p]);
        if (y < ny - 1) flux += face(k[p], k[p + nx]) * (u[p + nx] - u[p]);
        out[p] = u[p] + dt * flux;
    }
}
