void bounce_in_box(float *pos, float *vel, int n, float dt, float lo, float hi, float damp)
{
    for (int i = 0; i < n; i++) {
        pos[i] += vel[i] * dt;
        if (pos[i] < lo) {
            pos[i] = lo;
            vel[i] = -damp * vel[i];
        }
        else if (pos[i] > hi) {
            pos[i] = hi;
            vel[i] = -damp * vel[i];
        }
    }
}
