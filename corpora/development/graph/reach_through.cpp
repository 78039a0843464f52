void reach_through(bool *reach, int n, int via)
{
    for (int i = 0; i < n; i++) {
        if (!reach[i * n + via]) continue;
        for (int j = 0; j < n; j++)
            if (reach[via * n + j])
                reach[i * n + j] = true;
    }
}
