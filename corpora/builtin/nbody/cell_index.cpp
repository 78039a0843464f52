// Index of the uniform-grid cell (cells per side, unit box) of each particle; outsiders go to the nearest cell.
static int coordinate_cell(double x, int cells)
{
    double c = floor(x * cells);
    if (!(c > 0.0)) c = 0.0;
    if (c > cells - 1) c = cells - 1;
    return (int)c;
}

void cell_index(int n, int cells, const double *x, const double *y, const double *z, int *cell)
{
    for (int i = 0; i < n; i++)
        cell[i] = (coordinate_cell(z[i], cells) * cells + coordinate_cell(y[i], cells)) * cells + coordinate_cell(x[i], cells);
}
