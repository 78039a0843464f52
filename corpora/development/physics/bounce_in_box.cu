__global__ void bounce_in_box(float *pos, float *vel, int n, float dt, float lo, float hi, float damp)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
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
