using Voltaxe.Benchmarks;

// Nothing is asserted here: the table is read, the ratios are quoted. Rows are those of the performance goals.
var rows = args.Length > 0 ? args : ["1", "3"];
Console.WriteLine("| row | what | figure | against | ratio |");
Console.WriteLine("|---|---|---|---|---|");
foreach (var row in rows)
{
    var lines = row switch
    {
        "1" => await RoundTrip.MeasureAsync(),
        "3" => await EmptyPolls.MeasureAsync(),
        _ => throw new ArgumentException($"there is no row {row}; there are 1 and 3"),
    };
    foreach (var line in lines)
        Console.WriteLine($"| {row} | {line} |");
}
