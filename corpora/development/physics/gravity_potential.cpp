void gravity_potential(const float *p, const float *mass, float *phi, int n, float soft)
{
    for (int i = 0; i < n; i++) {
        float u = 0;
        for (int j = 0; j < n; j++) {
            if (i == j) continue;
            float dx = p[3*j] - p[3*i], dy = p[3*j+1] - p[3*i+1], dz = p[3*j+2] - p[3*i+2];
            u -= mass[j] / sqrtf(dx*dx + dy*dy + dz*dz + soft);
        }
        phi[i] = u;
    }
}
