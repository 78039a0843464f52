void inside_triangle(const float *tri, const float *px, const float *py, bool *in, int n)
{
    for (int i = 0; i < n; i++) {
        int left = 0, right = 0;
        for (int k = 0; k < 3; k++) {
            int m = (k + 1) % 3;
            float ex = tri[2 * m] - tri[2 * k], ey = tri[2 * m + 1] - tri[2 * k + 1];
            float side = ex * (py[i] - tri[2 * k + 1]) - ey * (px[i] - tri[2 * k]);
            if (side > 0) left++;
            if (side < 0) right++;
        }
        in[i] = left == 0 || right == 0;
    }
}
