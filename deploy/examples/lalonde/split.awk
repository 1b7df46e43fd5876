# Splits lalonde.tab of the R package MatchIt into what each party holds: people.csv, incomes.csv.
NR == 1 {
  print "id,treat,age,educ,race,married,nodegree" > "people.csv"
  print "id,re74,re75,re78" > "incomes.csv"
  next
}
{
  gsub(/"/, "")
  print $1 "," $2 "," $3 "," $4 "," $5 "," $6 "," $7 > "people.csv"
  print $1 "," $8 "," $9 "," $10 > "incomes.csv"
}
