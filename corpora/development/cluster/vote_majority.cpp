void vote_majority(const int *labels, const int *neighbors, int *out, int queries, int k)
{
    for (int q = 0; q < queries; q++) {
        int winner = -1, most = 0;
        for (int i = 0; i < k; i++) {
            int votes = 0;
            for (int j = 0; j < k; j++)
                if (labels[neighbors[q * k + j]] == labels[neighbors[q * k + i]]) votes++;
            if (votes > most) {
                most = votes;
                winner = labels[neighbors[q * k + i]];
            }
        }
        out[q] = winner;
    }
}
