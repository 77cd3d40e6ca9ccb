"""Mark a class: python -m classroom.grade submissions/ --out marks/"""

from classroom.marking.grading import main

if __name__ == "__main__":
    main()
