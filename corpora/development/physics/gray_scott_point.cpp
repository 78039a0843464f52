void gray_scott_point(double *u, double *v, int n, double feed, double kill, double dt)
{
    for (int i = 0; i < n; i++) {
        double uvv = u[i] * v[i] * v[i];
        double du = -uvv + feed * (1.0 - u[i]);
        double dv = uvv - (feed + kill) * v[i];
        u[i] += dt * du;
        v[i] += dt * dv;
    }
}
