void neuron_leak(float *volt, const float *current, int *spikes, int n, float leak, float threshold, float reset)
{
    int i = 0;
    do {
        if (i >= n) break;
        volt[i] = leak * volt[i] + current[i];
        if (volt[i] >= threshold) {
            volt[i] = reset;
            spikes[i] += 1;
        }
        i++;
    } while (true);
}
