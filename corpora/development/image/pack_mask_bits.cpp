void pack_mask_bits(const unsigned char *mask, unsigned char *packed, int nbytes)
{
    for (int b = 0; b < nbytes; b++) {
        unsigned char v = 0;
        for (int k = 0; k < 8; k++) {
            v <<= 1;
            if (mask[8 * b + k]) v |= 1;
        }
        packed[b] = v;
    }
}
