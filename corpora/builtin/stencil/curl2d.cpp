// Vorticity dv/dx - du/dy in cell centres from velocities on the (n + 1) x (n + 1) corners.
void curl2d(int n, double inv_h, const double u[], const double v[], double curl[]) {
    const int ld = n + 1;
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < n; i++) {
            const int sw = j * ld + i, se = sw + 1, nw = sw + ld, ne = nw + 1;
            const double dv = 0.5 * (v[se] + v[ne] - v[sw] - v[nw]);
            const double du = 0.5 * (u[nw] + u[ne] - u[sw] - u[se]);
            curl[j * n + i] = (dv - du) * inv_h;
        }
    }
}
