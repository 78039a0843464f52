// Half kick of the leapfrog scheme: vel += (dt / 2) * force / mass; vel and force are [3][n]; mass not zero.
void leapfrog_kick(int n, float dt, const float *mass, const float *force, float *vel)
{
    const float half_dt = 0.5f * dt;
    for (int d = 0; d < 3; ++d)
        for (int i = 0; i < n; ++i)
            vel[d * n + i] += half_dt * force[d * n + i] / mass[i];
}
