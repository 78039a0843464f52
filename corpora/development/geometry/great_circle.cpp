void great_circle(const double *lat, const double *lon, double *dist, int n, double lat0, double lon0)
{
    const double rad = 3.14159265358979 / 180.0;
    for (int i = 0; i < n; i++) {
        double sa = sin((lat[i] - lat0) * rad / 2);
        double so = sin((lon[i] - lon0) * rad / 2);
        double h = sa * sa + cos(lat[i] * rad) * cos(lat0 * rad) * so * so;
        dist[i] = 2 * 6371.0 * asin(sqrt(h < 1 ? h : 1));
    }
}
