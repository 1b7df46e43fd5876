# Counts the rows of all datasets per value of the column that parameter "group" names. Needs no module
# of Perl's; reads Arrow IPC files as an enclave lays them out: flat columns, little-endian, not compressed.
$| = 1;

sub fail {
    my ($reason, $message) = @_;
    open(my $out, '>', '/out/error.json') or exit 2;
    print $out "{\"reason\":\"$reason\",\"message\":\"$message\"}";
    close($out);
    exit 1;
}

sub slurp {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or fail('INTERNAL_ERROR', 'an input can not be read');
    local $/;
    return scalar <$in>;
}

# Flatbuffers: where a table's field is, or 0; where a reference points.
my $bytes;
sub i32 { return unpack('l<', substr($bytes, $_[0], 4)) }
sub i64 { return unpack('q<', substr($bytes, $_[0], 8)) }
sub target { return $_[0] + unpack('L<', substr($bytes, $_[0], 4)) }

sub field {
    my ($table, $number) = @_;
    my $names = $table - i32($table);
    my $at = 4 + 2 * $number;
    return 0 if $at >= unpack('v', substr($bytes, $names, 2));
    my $offset = unpack('v', substr($bytes, $names + $at, 2));
    return $offset ? $table + $offset : 0;
}

sub text {
    my $at = target($_[0]);
    return substr($bytes, $at + 4, i32($at));
}

my $parameters = slurp('/in/params.json');
$parameters =~ /"group":"([A-Za-z0-9_ .-]+)"/ or fail('INVALID_PARAMETER', "'group' must name a column");
my $group = $1;
my $found = 0;
my %counts;

opendir(my $inputs, '/in') or fail('INTERNAL_ERROR', 'no inputs');
for my $name (sort grep { /\.arrow$/ } readdir($inputs)) {
    $bytes = slurp("/in/$name");
    my $end = length($bytes) - 10;
    my $start = $end - i32($end);
    my $footer = target($start);
    my $fields = target(field(target(field($footer, 1)), 1));
    my ($column, $buffer) = (-1, 0);
    for my $i (0 .. i32($fields) - 1) {
        my $at = target($fields + 4 + 4 * $i);
        my $type = unpack('C', substr($bytes, field($at, 2), 1));
        if (text(field($at, 0)) eq $group) {
            fail('WRONG_TYPE', "'$group' must be VARCHAR") if $type != 5;
            $column = $buffer;
            $found = 1;
        }
        # Texts have three buffers, all others two: validity, offsets of texts, values.
        $buffer += $type == 5 ? 3 : 2;
    }
    next if $column < 0;
    my $blocks = field($footer, 3) ? target(field($footer, 3)) : 0;
    for my $i (0 .. ($blocks ? i32($blocks) - 1 : -1)) {
        my $block = $blocks + 4 + 24 * $i;
        my $message = i64($block);
        my $body = $message + i32($block + 8);
        my $batch = target(field(target($message + 8), 2));
        my $rows = field($batch, 0) ? i64(field($batch, 0)) : 0;
        my $buffers = target(field($batch, 2)) + 4 + 16 * $column;
        my ($valid, $valid_length) = (i64($buffers), i64($buffers + 8));
        my $offsets = $body + i64($buffers + 16);
        my $values = $body + i64($buffers + 32);
        for my $row (0 .. $rows - 1) {
            next if $valid_length && !vec(substr($bytes, $body + $valid, $valid_length), $row, 1);
            my ($from, $to) = unpack('l<l<', substr($bytes, $offsets + 4 * $row, 8));
            $counts{substr($bytes, $values + $from, $to - $from)}++;
        }
    }
}
fail('INVALID_PARAMETER', "no dataset has a column '$group'") unless $found;
fail('INVALID_PARAMETER', "'$group' is no column to group by") if keys(%counts) > 10_000;

open(my $out, '>:raw', '/out/counts.csv') or fail('INTERNAL_ERROR', 'no result can be written');
print $out "value,rows\n";
for my $value (sort keys %counts) {
    (my $quoted = $value) =~ s/"/""/g;
    print $out "\"$quoted\",$counts{$value}\n";
}
close($out) or fail('INTERNAL_ERROR', 'no result can be written');
