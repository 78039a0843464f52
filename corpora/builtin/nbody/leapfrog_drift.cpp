// Drift x += dt * v with wrap-around in the periodic box [0, length); length > 0.
void leapfrog_drift(int n, double dt, double length, const double *v, double *x)
{
    for (int i = 0; i < n; i++) {
        double moved = x[i] + dt * v[i];
        x[i] = moved - length * floor(moved / length);
    }
}
