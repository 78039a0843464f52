void log_softmax_columns(const double *z, double *out, int classes, int samples)
{
    for (int s = 0; s < samples; s++) {
        double peak = z[s];
        for (int k = 1; k < classes; k++)
            peak = fmax(peak, z[k * samples + s]);
        double mass = 0.0;
        for (int k = 0; k < classes; k++)
            mass += exp(z[k * samples + s] - peak);
        mass = log(mass);
        for (int k = 0; k < classes; k++)
            out[k * samples + s] = z[k * samples + s] - peak - mass;
    }
}
