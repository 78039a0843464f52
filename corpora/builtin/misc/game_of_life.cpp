// One generation on a torus of rows x cols cells; non-zero is alive, the result is 0 or 1.
void game_of_life(int rows, int cols, const unsigned char *now, unsigned char *next)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) {
            int alive = 0;
            for (int dr = -1; dr <= 1; dr++)
                for (int dc = -1; dc <= 1; dc++) {
                    if (dr == 0 && dc == 0) continue;
                    int rr = (r + dr + rows) % rows;
                    int cc = (c + dc + cols) % cols;
                    alive += now[rr * cols + cc] != 0;
                }
            bool lives = now[r * cols + c] != 0;
            next[r * cols + c] = alive == 3 || (lives && alive == 2);
        }
}
