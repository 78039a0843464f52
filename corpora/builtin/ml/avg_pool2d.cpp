// Mean over p x p blocks: in is [c][oh * p][ow * p], out is [c][oh][ow]; p >= 1.
void avg_pool2d(int c, int oh, int ow, int p, const double *in, double *out)
{
    const int w = ow * p;
    const int h = oh * p;
    for (int k = 0; k < c; ++k)
        for (int y = 0; y < oh; ++y)
            for (int x = 0; x < ow; ++x)
            {
                double sum = 0;
                for (int dy = 0; dy < p; ++dy)
                    for (int dx = 0; dx < p; ++dx)
                        sum += in[(k * h + y * p + dy) * w + x * p + dx];
                out[(k * oh + y) * ow + x] = sum / (p * p);
            }
}
