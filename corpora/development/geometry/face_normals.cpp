void face_normals(const float *v, const int *tri, float *nrm, int faces)
{
    for (int f = 0; f < faces; f++) {
        const float *a = v + 3 * tri[3 * f], *b = v + 3 * tri[3 * f + 1], *c = v + 3 * tri[3 * f + 2];
        float ux = b[0] - a[0], uy = b[1] - a[1], uz = b[2] - a[2];
        float wx = c[0] - a[0], wy = c[1] - a[1], wz = c[2] - a[2];
        nrm[3 * f] = uy * wz - uz * wy;
        nrm[3 * f + 1] = uz * wx - ux * wz;
        nrm[3 * f + 2] = ux * wy - uy * wx;
    }
}
