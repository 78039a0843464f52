void burn_forest(const int *cell, int *next, int w, int h)
{
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            int i = y * w + x, s = cell[i];
            if (s == 2) s = 0;
            else if (s == 1) {
                if ((x > 0 && cell[i - 1] == 2) || (x < w - 1 && cell[i + 1] == 2) ||
                    (y > 0 && cell[i - w] == 2) || (y < h - 1 && cell[i + w] == 2))
                    s = 2;
            }
            next[i] = s;
        }
    }
}
