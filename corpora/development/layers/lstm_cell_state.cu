__global__ void lstm_cell_state(float *cell, float *hidden, const float *gates, int units)
{
    int u = blockIdx.x * blockDim.x + threadIdx.x;
    if (u >= units) return;
    float in = 1.f / (1.f + expf(-gates[u]));
    float forget = 1.f / (1.f + expf(-gates[units + u]));
    float outg = 1.f / (1.f + expf(-gates[2 * units + u]));
    float g = tanhf(gates[3 * units + u]);
    cell[u] = forget * cell[u] + in * g;
    hidden[u] = outg * tanhf(cell[u]);
}
