int sphere_hits(const float *ox, const float *dx, unsigned char *hit, int rays, float radius)
{
    int count = 0;
    for (int i = 0; i < rays; i++) {
        float a = 0, b = 0, c = -radius * radius;
        for (int k = 0; k < 3; k++) {
            a += dx[3 * i + k] * dx[3 * i + k];
            b += 2 * ox[3 * i + k] * dx[3 * i + k];
            c += ox[3 * i + k] * ox[3 * i + k];
        }
        hit[i] = b * b - 4 * a * c >= 0;
        count += hit[i];
    }
    return count;
}
