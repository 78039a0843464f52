void crc_table_init(unsigned int *table, int entries, unsigned int poly)
{
    for (int i = 0; i < entries; i++) {
        unsigned int c = (unsigned int)i;
        for (int k = 0; k < 8; k++)
            c = (c & 1) ? (c >> 1) ^ poly : c >> 1;
        table[i] = c;
    }
}
