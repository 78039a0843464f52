void drop_by_hash(float *act, int n, unsigned int seed, unsigned int keep_of_256)
{
    for (int i = 0; i < n; i++) {
        unsigned int h = (unsigned int)i * 2654435761u + seed;
        h ^= h >> 15;
        if ((h & 255u) >= keep_of_256)
            act[i] = 0.0f;
    }
}
