// Lax-Friedrichs step of the 1-D shallow water equations; h > 0; end cells are copied.
static double momentum_flux(double h, double hu, double g)
{
    return hu * hu / h + 0.5 * g * h * h;
}

void shallow_water1d(int n, double dt_dx, double g, const double *h, const double *hu, double *h_new, double *hu_new)
{
    h_new[0] = h[0];
    hu_new[0] = hu[0];
    h_new[n - 1] = h[n - 1];
    hu_new[n - 1] = hu[n - 1];
    for (int i = 1; i < n - 1; i++) {
        double fl = momentum_flux(h[i - 1], hu[i - 1], g);
        double fr = momentum_flux(h[i + 1], hu[i + 1], g);
        h_new[i] = 0.5 * (h[i - 1] + h[i + 1]) - 0.5 * dt_dx * (hu[i + 1] - hu[i - 1]);
        hu_new[i] = 0.5 * (hu[i - 1] + hu[i + 1]) - 0.5 * dt_dx * (fr - fl);
    }
}
